#!/usr/bin/env node
// Checks the version of Node before anything that an older one could not read is loaded.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`forge-wrapper needs Node 20.19 or newer; this is Node ${process.versions.node}.\n`);
  process.exitCode = 1;
} else {
  await compileOnce();
  await import('../dist/main.js');
}

/** Keeps compiled code (Node 22.8), which saves a third of the start; where only this user can write. */
async function compileOnce() {
  const [{ enableCompileCache }, { homedir }, { join }] = await Promise.all([
    import('node:module'),
    import('node:os'),
    import('node:path'),
  ]);
  const { LOCALAPPDATA, XDG_CACHE_HOME } = process.env;
  const folders = { darwin: join(homedir(), 'Library', 'Caches'), win32: LOCALAPPDATA };
  enableCompileCache?.(join(folders[process.platform] || XDG_CACHE_HOME || join(homedir(), '.cache'), 'forge-wrapper'));
}
