import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chromium } from '@playwright/test'

const systemBrowsers = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/**
 * Path of a Chromium for the tests: the one named in ALTA_DESK_CHROMIUM, Playwright's own, or the system's; one is
 * installed where none is there. Says what it does; ends the process with the way out when nothing works.
 */
export function findBrowser(): string {
  const present = presentBrowser()
  if (present) return present
  console.log('Alta Desk: no Chromium here; asking Playwright for its own...')
  spawnSync(process.execPath, ['node_modules/@playwright/test/cli.js', 'install', 'chromium'], {
    stdio: 'ignore',
    timeout: 300_000,
  })
  const downloaded = presentBrowser()
  if (downloaded) return downloaded
  if (existsSync('/usr/bin/apt-get') && process.getuid?.() === 0) {
    console.log(
      "Alta Desk: Playwright's browser cannot be downloaded; installing the system's (apt-get install chromium)...",
    )
    spawnSync(
      'sh',
      ['-c', 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium'],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
        timeout: 600_000,
      },
    )
  }
  const installed = presentBrowser()
  if (installed) return installed
  console.error('Alta Desk: the tests need a Chromium. Install one and name it in ALTA_DESK_CHROMIUM.')
  process.exit(1)
}

function presentBrowser(): string | null {
  const candidates = [process.env.ALTA_DESK_CHROMIUM, chromium.executablePath(), ...systemBrowsers]
  return candidates.find((path): path is string => Boolean(path) && existsSync(path ?? '')) ?? null
}
