/** @module Opens the browser without a shell: the address comes from a server, and must never be read as a command. */
import { spawn } from 'node:child_process';

/** Whether this machine seems to have a browser to open. */
export function hasBrowser(platform: NodeJS.Platform = process.platform, env = process.env): boolean {
  if (env['SSH_CONNECTION'] !== undefined && env['DISPLAY'] === undefined) return false;
  return platform === 'darwin' || platform === 'win32' || (env['DISPLAY'] ?? env['WAYLAND_DISPLAY'] ?? '') !== '';
}

/** Resolves with whether a browser was started. The URL is the only argument of a program that is fixed. */
export function openBrowser(url: URL, platform: NodeJS.Platform = process.platform): Promise<boolean> {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return Promise.resolve(false);
  const [program, ...args] = openerFor(platform);
  return new Promise((resolve) => {
    const child = spawn(program, [...args, url.href], { stdio: 'ignore', shell: false, detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}

function openerFor(platform: NodeJS.Platform): readonly [string, ...string[]] {
  if (platform === 'darwin') return ['open'];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return ['xdg-open'];
}
