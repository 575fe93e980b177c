/** @module What a child inherits of our environment: enough to find programs and a home, and no secret of ours. */

/** Where certificates of further authorities are: without them `uvx` and `npx` fetch nothing behind a company's proxy. */
const TRUST_NAMES = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_DIR', 'SSL_CERT_FILE'];

const POSIX_NAMES = [
  ...TRUST_NAMES,
  'HOME',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'LOGNAME',
  'PATH',
  'SHELL',
  'TERM',
  'TMPDIR',
  'TZ',
  'USER',
];

const WINDOWS_NAMES = [
  ...TRUST_NAMES,
  'APPDATA',
  'COMSPEC',
  'HOMEDRIVE',
  'HOMEPATH',
  'LOCALAPPDATA',
  'PATH',
  'PATHEXT',
  'PROCESSOR_ARCHITECTURE',
  'PROGRAMDATA',
  'PROGRAMFILES',
  'SYSTEMDRIVE',
  'SYSTEMROOT',
  'TEMP',
  'TMP',
  'USERNAME',
  'USERPROFILE',
  'WINDIR',
];

/**
 * The environment of a child: a fixed list of harmless variables, and on top of it what was asked for.
 *
 * @param ours `process.env`
 */
export function childEnvironment(
  ours: NodeJS.ProcessEnv,
  asked: Readonly<Record<string, string>> = {},
  platform: NodeJS.Platform = process.platform,
): Record<string, string> {
  const windows = platform === 'win32';
  // Names are case-insensitive on Windows: `Path` that was asked for must replace an inherited `PATH`.
  const same = (name: string): string => (windows ? name.toUpperCase() : name);
  const replaced = new Set(Object.keys(asked).map(same));
  const inherited = new Set((windows ? WINDOWS_NAMES : POSIX_NAMES).filter((name) => !replaced.has(name)));
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(ours)) {
    // A value that begins with `()` is a shell function, which bash would run.
    if (inherited.has(same(name)) && value !== undefined && !value.startsWith('()')) result[name] = value;
  }
  return Object.assign(result, asked);
}

/** One variable, as the platform compares names. */
export function variable(env: Readonly<Record<string, string>>, name: string): string | undefined {
  return env[name] ?? Object.entries(env).find(([key]) => key.toUpperCase() === name)?.[1];
}
