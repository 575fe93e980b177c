export const createPlugin = () => {
  throw new Error('no such word');
};
