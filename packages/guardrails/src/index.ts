/** @module The plugins that ship with Forge. */
export { type Guardrail } from './guardrail.ts';
export { findGuardrail, guardrail, GUARDRAILS } from './guardrails.ts';
export { type Edit, editArguments, editResult, textsOf } from './texts.ts';
