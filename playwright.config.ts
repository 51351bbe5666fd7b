import { defineConfig } from '@playwright/test'

/** Started by `npm test`, which names the browser; alone: ALTA_DESK_CHROMIUM=/usr/bin/chromium playwright test. */
const executablePath = process.env.ALTA_DESK_CHROMIUM

export default defineConfig({
  testDir: 'test/e2e',
  outputDir: 'out/e2e',
  // One wall at a time: two cores decode the video and serve it.
  workers: 1,
  fullyParallel: false,
  // A test that needs a second try has failed.
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['json', { outputFile: 'out/e2e-report.json' }]],
  use: {
    browserName: 'chromium',
    viewport: { width: 1280, height: 720 },
    screenshot: 'only-on-failure',
    launchOptions: {
      ...(executablePath ? { executablePath } : {}),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--autoplay-policy=no-user-gesture-required',
        // The desk as a colleague on the LAN reaches it: a plain-HTTP name that is no secure context.
        '--host-resolver-rules=MAP desk.example 127.0.0.1',
      ],
    },
  },
})
