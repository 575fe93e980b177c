export const createPlugin = () => ({});
