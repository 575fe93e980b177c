/** @module Settings: what the gateway says, on standard error. */
import { choice } from './fields.ts';

/** Settings of the log. */
export const loggingSettings = {
  LOG_LEVEL: choice(['trace', 'debug', 'info', 'warn', 'warning', 'error', 'critical', 'fatal', 'silent'])
    .default('info')
    .describe('Least severe level that is logged.'),
  LOG_FORMAT: choice(['json', 'text'])
    .optional()
    .meta({ fallback: 'text on a terminal, json elsewhere' })
    .describe('One JSON object or one line of text per event.'),
};
