/** @module Settings: what the gateway says on standard error, and what it remembers of calls. */
import { choice, flag, integer } from './fields.ts';

/** Settings of the log, the audit trail and the call counters. */
export const loggingSettings = {
  LOG_LEVEL: choice(['trace', 'debug', 'info', 'warn', 'warning', 'error', 'critical', 'fatal', 'silent'])
    .default('info')
    .describe('Least severe level that is logged.'),
  LOG_FORMAT: choice(['json', 'text'])
    .optional()
    .meta({ fallback: 'text on a terminal, json elsewhere' })
    .describe('One JSON object or one line of text per event.'),
  AUDIT_TRAIL_ENABLED: flag()
    .default(true)
    .describe('Whether the database keeps who called what, when, and how it went.'),
  AUDIT_TRAIL_MAX_RECORDS: integer(1000, 100_000_000)
    .default(1_000_000)
    .describe('Records of the audit trail that are kept, about 250 bytes each; the oldest go.'),
  METRICS_ENABLED: flag().default(true).describe('Whether calls are counted and timed for `/metrics`.'),
};
