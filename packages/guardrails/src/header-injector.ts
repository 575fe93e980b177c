/** @module `header_injector`: headers that go with every call to a REST upstream. */
import { headerProblem } from '@forge/core';
import { z } from 'zod';
import { defineGuardrail } from './guardrail.ts';

const Headers = z.record(z.string().min(1).max(256), z.string().max(8192)).superRefine((headers, context) => {
  for (const [name, value] of Object.entries(headers)) {
    const problem = headerProblem(name, value);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem, path: [name] });
  }
});
const schema = z.strictObject({ headers: Headers });

/** See the module. */
export const headerInjector = defineGuardrail({
  kind: 'header_injector',
  aliases: ['plugins.header_injector.header_injector.HeaderInjectorPlugin'],
  description: 'Adds headers to calls of REST tools',
  version: '0.1.0',
  schema,
  create: ({ headers }) => ({ beforeCall: () => ({ headers }) }),
});
