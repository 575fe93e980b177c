/** @module How a login is made, as the command line says it. */

/** What is known beforehand of a login. */
export interface LoginSettings {
  /** `auto`: in the browser, or by a device code where there is none. */
  readonly way: 'auto' | 'browser' | 'device' | 'client-credentials';
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  /** A client-ID metadata document: the URL is the client's id. */
  readonly clientMetadataUrl: string | undefined;
  readonly scope: string | undefined;
  /** 0: any. */
  readonly callbackPort: number;
  /** How long the person may take. */
  readonly timeoutMs: number;
}
