// What the commands start with. Plain JavaScript that any Node can read, so that an old one gets a sentence and no
// syntax error; nothing else is loaded before the version is known.

/** See start.d.ts. */
export async function start(name, minimum, load) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < minimum[0] || (major === minimum[0] && minor < minimum[1])) {
    process.stderr.write(`${name} needs Node ${minimum.join('.')} or newer; this is Node ${process.versions.node}.\n`);
    process.exitCode = 1;
    return;
  }
  await keepCompiled();
  await load();
}

/** Has V8 keep what it compiles (Node 22.8), which saves a third of the next start; where only this user can write. */
async function keepCompiled() {
  const [{ enableCompileCache }, { homedir }, { join }] = await Promise.all([
    import('node:module'),
    import('node:os'),
    import('node:path'),
  ]);
  const { LOCALAPPDATA, XDG_CACHE_HOME } = process.env;
  const folders = { darwin: join(homedir(), 'Library', 'Caches'), win32: LOCALAPPDATA };
  enableCompileCache?.(join(folders[process.platform] || XDG_CACHE_HOME || join(homedir(), '.cache'), 'forge'));
}
