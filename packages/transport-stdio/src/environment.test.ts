import { expect, it } from 'vitest';
import { childEnvironment } from './environment.ts';

it('inherits what finds programs, a home and trusted authorities, and nothing else', () => {
  const ours = {
    PATH: '/bin',
    HOME: '/root',
    SSL_CERT_FILE: '/ca.pem',
    JWT_SECRET_KEY: 'secret',
    SHELL: '() { evil; }',
  };
  expect(childEnvironment(ours, { TOKEN: 'asked for' }, 'linux')).toEqual({
    PATH: '/bin',
    HOME: '/root',
    SSL_CERT_FILE: '/ca.pem',
    TOKEN: 'asked for',
  });
});

it('lets what was asked for replace what is inherited, whatever its case on Windows', () => {
  const ours = { Path: 'C:\\ours', SystemRoot: 'C:\\Windows', HOME: 'C:\\' };
  expect(childEnvironment(ours, { PATH: 'C:\\theirs' }, 'win32')).toEqual({
    PATH: 'C:\\theirs',
    SystemRoot: 'C:\\Windows',
  });
  expect(childEnvironment({ PATH: '/ours' }, { PATH: '/theirs' }, 'linux')).toEqual({ PATH: '/theirs' });
});
