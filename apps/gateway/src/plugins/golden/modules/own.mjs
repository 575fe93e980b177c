/** A plugin of an operator's own. */
export function createPlugin(config, { name, log }) {
  log.info({ config }, `made ${name}`);
  return { beforeCall() {}, afterCall() {} };
}
