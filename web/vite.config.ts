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
    rolldownOptions: { output: {
      entryFileNames: 'assets/p-[hash].js', chunkFileNames: 'assets/p-[hash].js', assetFileNames: 'assets/p-[hash][extname]',
      // What is loaded together anyway packs better together. Nothing of these groups but the first is on the way to the first order.
      advancedChunks: { includeDependenciesRecursively: false, groups: [
        { name: 'base', test: /node_modules\/(svelte|clsx)\/|src\/value\/|src\/live\/(decode|book|market|venue)\.ts$|src\/model\/cell\.ts$|src\/view\/(tone|context)\.ts$/ },
        { name: 'settings', test: /src\/page\/settings\/|src\/model\/(broker|popup|proof|trail)\.ts$/ },
        { name: 'desk', test: /src\/page\/(orders|portfolio|dashboard)\/|src\/view\/(OrdersTable|TradesTable|PositionsTable|OrderStory|Status|Pnl|Amount)\.svelte|src\/page\/terminal\/(Books|Instrument|ChartPane|QuoteHead|InstrumentSheet|NoLive)\.svelte|src\/view\/(DepthLadder|Search)\.svelte|src\/page\/frame\/(TopTools|Sidebar|AccountMenu|AccountPanel|Bell|BrokerNews|Halted|NoticeList|VenueCorner|VenueNote|Palette|NewAccount|ReplayClock)\.svelte|src\/page\/frame\/serverNotices\.ts|src\/model\/servernotices\.ts|src\/wire\/broker\.ts|src\/view\/Toasts\.svelte/ },
      ] },
    } },
    chunkSizeWarningLimit: 250,
  },
  server: {
    // The guide that Settings shows lies in docs.
    fs: { allow: ['..'] },
    proxy: { '/api': { target: server, ws: true, changeOrigin: false } },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node', pool: 'threads' },
});
