import { describe, expect, it } from 'vitest';
import { hasBrowser, openBrowser } from './open-browser.ts';

describe('the browser', () => {
  it('is not opened for anything but a web page', async () => {
    for (const url of ['file:///etc/passwd', 'javascript:alert(1)', 'ms-calculator:']) {
      expect(await openBrowser(new URL(url))).toBe(false);
    }
  });

  it('is taken to be there where there is a screen', () => {
    expect(hasBrowser('linux', {})).toBe(false);
    expect(hasBrowser('linux', { WAYLAND_DISPLAY: 'wayland-0' })).toBe(true);
    expect(hasBrowser('darwin', {})).toBe(true);
    expect(hasBrowser('darwin', { SSH_CONNECTION: '1' })).toBe(false);
  });
});
