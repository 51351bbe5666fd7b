import { expect, it } from 'vitest'
import { browserName } from '../../../../renderer/app/browser-name.ts'

const chrome =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0'

it.each([
  [`${chrome} Safari/537.36`, 'Chrome on Windows'],
  [`${chrome} Safari/537.36 Edg/140.0.0.0`, 'Edge on Windows'],
  [`${chrome} Electron/45.4.1 Safari/537.36`, 'Alta Desk on Windows'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
  [
    'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36',
    'Chrome on Android',
  ],
  ['curl/8.5.0', 'curl/8.5.0'],
  ['', 'Unknown program'],
])('a person recognises %s in a list of sign-ins', (userAgent, name) => {
  expect(browserName(userAgent)).toBe(name)
})
