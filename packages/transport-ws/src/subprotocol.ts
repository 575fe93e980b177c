/** @module The subprotocol of MCP. */

/** What clients offer, and servers choose where it is offered. */
export const SUBPROTOCOL = 'mcp';
