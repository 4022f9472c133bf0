import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const server = process.env['PAPERPORT_DEV_SERVER'] ?? 'http://localhost:8000';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'esnext',
    outDir: 'dist',
    manifest: true,
    emptyOutDir: false,
    assetsInlineLimit: 0,
    // Only styles are listed for a lazy part: its scripts share what is already there, and every name in the list is bytes before the first order.
    modulePreload: { polyfill: false, resolveDependencies: (_, deps, { hostType }) => (hostType === 'html' ? deps : deps.filter((d) => d.endsWith('.css'))) },
    rolldownOptions: { output: { entryFileNames: 'assets/p-[hash].js', chunkFileNames: 'assets/p-[hash].js', assetFileNames: 'assets/p-[hash][extname]', advancedChunks: { groups: [{ name: 'base', test: /node_modules\/svelte\/|src\/value\/|src\/view\/(tone|context)\.ts$/ }] } } },
    chunkSizeWarningLimit: 250,
  },
  server: {
    proxy: { '/api': { target: server, ws: true, changeOrigin: false } },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node', pool: 'threads' },
});
