export default {
  compilerOptions: {
    runes: true,
    discloseVersion: false,
    // Short scope names: every element carries one.
    cssHash: ({ hash, filename }) => 's' + hash(filename).slice(0, 4),
  },
};
