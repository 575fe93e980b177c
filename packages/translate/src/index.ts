/** @module A stdio MCP server on HTTP, for use in a program of your own. */
export { createTranslate, type Translate, type TranslateOptions } from './create-translate.ts';
