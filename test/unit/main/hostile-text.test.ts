import { describe, expect, test } from 'vitest'
import { isOneLine, toOneLine } from '../../../shared/domain/one-line.ts'
import { isUsername } from '../../../shared/domain/usernames.ts'
import { isBareOrigin, webOrigin } from '../../../shared/domain/web-origins.ts'
import { diskFullPattern, saysUnknownReceiver } from '../../../main/alta/assumptions.ts'
import { parseConfig, parseObject, parseStatus } from '../../../main/alta/config-schema.ts'
import { problemOfStatus } from '../../../main/alta/failures.ts'
import { parseMasterPlaylist, parseMediaPlaylist } from '../../../main/alta/hls-playlist.ts'
import { findStreamOrigin, pathPrefix } from '../../../main/alta/ott.ts'
import { isPathOf } from '../../../main/alta/tickets.ts'
import { personOfClaims } from '../../../main/sign-in/oidc-provider.ts'
import { usernameLike } from '../../../main/accounts/account-names.ts'
import { maskText, maskUrl, redact } from '../../../main/platform/redaction.ts'
import { maskSource, plainAddress } from '../../../main/servers/addresses.ts'
import { sideText } from '../../../main/store/audit-side.ts'
import { foldedText, textSearch } from '../../../main/store/text-search.ts'
import { plainAddress as peerAddress } from '../../../main/transport/http/origins.ts'
import {
  isLoopbackAddress,
  isOwnOrigin,
  isPrivateHost,
  saneHost,
} from '../../../main/transport/http/origins.ts'
import { readPageCookie } from '../../../main/transport/http/refresh-cookie.ts'
import { bearerToken } from '../../../main/transport/http/request-context.ts'
import { pageContentPolicy } from '../../../main/transport/http/security-headers.ts'
import { browserName } from '../../../renderer/app/browser-name.ts'
import { iceServersOf } from '../../../renderer/player/whep/link-header.ts'

const megabyte = 1024 * 1024
const shapes = [
  ...[
    'a-',
    'A="',
    'a b ',
    '127.',
    '::',
    '\0',
    '\u0301',
    '\u202e',
    '\ud800',
    '/',
    '%41',
    '=',
    ',',
    ';',
    '"',
    '\\',
  ],
  ...[
    '<',
    '<a>; b="',
    '?a',
    '&a=',
    '://a@',
    ';token=',
    'Bearer ',
    'eyJ-',
    'eyJaaaaa.',
    'receiver ',
    'Version/',
  ],
  ...['#EXT-X-STREAM-INF:A="1\n', '[', '[],', '"a":{},', '\r\n'],
]
/** What must stand before a shape, so that it gets further than the first look. */
const beginnings = ['', '#EXTM3U\n', '{"error":"']

const answerOf = (text: string) => ({
  status: 200,
  contentType: 'application/json',
  setCookies: [],
  body: new TextEncoder().encode(text),
})
const quietly = (work: () => unknown) => {
  try {
    work()
  } catch {
    return 'refused'
  }
  return 'taken'
}
const security = { production: true, tlsEnabled: false }
const listenOf = (listen: string) => ({ ott: { serve: 'ott', listen } })
const noOtt = { archives: {}, authorizers: {}, channels: {} }

/** Everything that matches, masks or parses a text that somebody outside may have sent. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  isOneLine,
  toOneLine,
  isUsername,
  webOrigin,
  isBareOrigin,
  saysUnknownReceiver,
  diskFullPattern: (text) => diskFullPattern.test(text),
  parseConfig: (text) => parseConfig(answerOf(text)),
  parseStatus: (text) => parseStatus(answerOf(text)),
  parseObject: (text) => parseObject(answerOf(text)),
  'content-type': (text) => parseObject({ ...answerOf('{}'), contentType: text }),
  problemOfStatus: (text) => problemOfStatus(500, text),
  parseMasterPlaylist,
  parseMediaPlaylist,
  findStreamOrigin: (text) =>
    findStreamOrigin({ version: '1', receivers: {}, servers: listenOf(text), ott: noOtt }, 'http://a', null),
  pathPrefix: (text) => pathPrefix(new URL(`http://a/${text}`)),
  isPathOf: (text) => isPathOf('desk/gate', text, 'whep'),
  'isPathOf, below the channel': (text) => isPathOf('desk/gate', `/desk/gate/${text}`, 'whep'),
  personOfClaims: (text) => personOfClaims({ sub: text, email: text, name: text }, {}, null),
  usernameLike: (text) => usernameLike(text, () => Promise.resolve(false)),
  maskText: (text) => maskText(text),
  maskUrl,
  redact: (text) => redact({ [text]: text, error: new Error(text), list: [text] }),
  maskSource,
  plainAddress,
  peerAddress,
  sideText: (text) => sideText({ [text]: text }),
  foldedText,
  textSearch,
  isLoopbackAddress,
  'isOwnOrigin, origin': (text) => isOwnOrigin(text, 'desk:3303'),
  'isOwnOrigin, host': (text) => isOwnOrigin('http://desk:3303', text),
  isPrivateHost,
  saneHost,
  readPageCookie: (text) => readPageCookie(text, true),
  bearerToken,
  pageContentPolicy: (text) => pageContentPolicy([text], security),
  browserName,
  iceServersOf,
}

// Would catch: a pattern, or a loop, that begins anew at every character. One of them needs minutes for a megabyte; all
// of these together need a second. That the regular expressions are linear is also proven for each by the lint.
describe('a megabyte of every shape is read to its end', () => {
  test.each(Object.entries(readers))('%s', (_name, read) => {
    const texts = beginnings.flatMap((beginning) =>
      shapes.map((shape) => beginning + shape.repeat(Math.ceil(megabyte / shape.length))),
    )
    const ends = new Set(texts.map((text) => quietly(() => read(text))))
    expect(['taken', 'refused']).toEqual(expect.arrayContaining([...ends]))
    expect(ends.size).toBeGreaterThan(0)
  })
})

describe('what is kept of a megabyte is short', () => {
  const long = 'a-'.repeat(megabyte / 2)

  test('in a log, with a word on how long it was', () => {
    expect(maskText(long)).toBe(`… [${megabyte} characters]`)
    const line = JSON.stringify(redact({ [long]: [long], error: new Error(`x ${long}`) }))
    expect(line.length).toBeLessThan(1000)
    expect(
      JSON.stringify(redact({ list: Array.from({ length: 10_000 }, () => 'entry') })).length,
    ).toBeLessThan(1000)
  })

  // Would catch: a password that is cut in two, so that what is left of it looks like any word.
  test('and no secret is cut in two', () => {
    const words = 'word '.repeat(798)
    for (const secret of [
      `http://admin:hunter2${'x'.repeat(100)}@cam/`,
      `eyJhbGciOi${'x'.repeat(100)}.eyJz.c2ln`,
    ])
      expect(maskText(`${words}${secret} and more`)).toMatch(/word… \[\d+ characters\]$/)
  })

  test('of what Alta says, of a source, and of a playlist', () => {
    expect(problemOfStatus(500, JSON.stringify({ error: long })).detail).toBe('HTTP 500')
    expect(problemOfStatus(500, JSON.stringify({ error: 'a-'.repeat(1000) })).detail.length).toBeLessThan(250)
    expect(maskSource(`rtsp://cam/?${long}`)).toBe(`[${megabyte + 12} characters]`)
    expect(
      parseMediaPlaylist(`#EXTM3U\n#EXT-X-TARGETDURATION:4\n${'#EXTINF:4,\na.ts\n'.repeat(megabyte / 16)}`),
    ).toBeNull()
    const many = '#EXT-X-STREAM-INF:BANDWIDTH=1\nu\n'.repeat(1000)
    expect(parseMasterPlaylist(`#EXTM3U\n${many}`)).toHaveLength(100)
  })

  // Would catch: an answer that ends as a mistake of ours (500), because it cannot be made a text.
  test('an error of Alta that is no text says nothing', () => {
    expect(problemOfStatus(500, '{"error":{"toString":1}}')).toMatchObject({
      code: 'ALTA_ERROR',
      detail: 'HTTP 500',
    })
  })
})
