/** @module Hosts that an operation may reach: `api.example.com`, `https://api.example.com`, `api.example.com:8443`. */

const ENTRY = /^(?:(https?):\/\/)?(\*\.)?([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?\/?$/i;
const PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** Whether a text names hosts. `*.example.com` is every name below. */
export function isHostEntry(text: string): boolean {
  return ENTRY.test(text.trim());
}

/** Whether one of the entries covers a URL. Without a scheme, both are meant; without a port, every one of the host. */
export function isAllowedHost(entries: readonly string[], url: URL): boolean {
  return entries.some((entry) => {
    const [, scheme, wild, host = '', port] = ENTRY.exec(entry.trim()) ?? [];
    const name = host.toLowerCase();
    if (scheme !== undefined && `${scheme.toLowerCase()}:` !== url.protocol) return false;
    if (port !== undefined && port !== (url.port || PORTS[url.protocol])) return false;
    return wild === undefined ? url.hostname === name : url.hostname.endsWith(`.${name}`);
  });
}
