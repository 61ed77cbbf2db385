import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'
import { fixtures } from './dev/fixtures.ts'

// Without the fixtures a monitor that runs somewhere answers.
const proxy: Record<string, string> = process.env.DURAHUB_FIXTURES
  ? {}
  : { '/api': process.env.DURAHUB_MONITOR ?? 'http://127.0.0.1:8088' }

// The server writes its own <base href> into index.html, so that every address is relative to where it is mounted.
export default defineConfig(({ command }) => ({
  base: command === 'build' ? './' : '/',
  plugins: [svelte(), fixtures()],
  build: {
    outDir: '../durahub_migrate/web/_ui',
    emptyOutDir: true,
    manifest: 'manifest.json',
    assetsInlineLimit: 0, // data: addresses would need a wider content security policy
    target: 'es2022',
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
  },
  server: { proxy },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
}))
