import { describe, expect, it } from 'vitest'
import { isSafeLink, mayNavigate, mayUse, readWindowWish, whyNoPort } from '../../../../main/desktop/gates.ts'

const ourPage = { parent: null, origin: 'alta-desk://desk' }

describe('the gate before the port', () => {
  it('lets our page in the main frame of our window pass, or no desktop would ever work', () => {
    expect(whyNoPort({ frame: ourPage, windowKnown: true, portCount: 1 })).toBeNull()
  })

  it.each([
    ['a window that somebody else opened', { frame: ourPage, windowKnown: false, portCount: 1 }],
    ['a frame inside our page', { frame: { ...ourPage, parent: {} }, windowKnown: true, portCount: 1 }],
    ['a frame that has gone', { frame: null, windowKnown: true, portCount: 1 }],
    ['a message without a port', { frame: ourPage, windowKnown: true, portCount: 0 }],
    ['a message with two ports', { frame: ourPage, windowKnown: true, portCount: 2 }],
  ])('refuses %s', (_name, request) => {
    expect(whyNoPort(request)).not.toBeNull()
  })

  it.each([
    'https://desk',
    'http://127.0.0.1:3303',
    'file://',
    'null',
    '',
    'about:blank',
    'alta-desk://desk.example',
    'alta-desk://example/alta-desk://desk',
    'alta-desk://desk:80',
    'alta-desk://user@desk',
    'alta-desk2://desk',
    'data:text/html,alta-desk://desk',
  ])('refuses the origin %j', (origin) => {
    const request = { frame: { parent: null, origin }, windowKnown: true, portCount: 1 }
    expect(whyNoPort(request)).not.toBeNull()
  })
})

describe('permissions', () => {
  it.each(['local-network', 'local-network-access', 'loopback-network', 'notifications', 'fullscreen'])(
    'gives our page %s, without which the wall has no pictures',
    (permission) => {
      // Chromium writes the requesting origin with a slash at its end.
      expect(mayUse(permission, 'alta-desk://desk/')).toBe(true)
    },
  )

  it.each(['media', 'geolocation', 'clipboard-read', 'openExternal', 'usb', 'hid', 'fileSystem', 'unknown'])(
    'denies our page %s',
    (permission) => {
      expect(mayUse(permission, 'alta-desk://desk/')).toBe(false)
    },
  )

  it.each(['https://example.invalid', '', 'alta-desk://elsewhere/'])('denies %j everything', (origin) => {
    expect(mayUse('local-network', origin)).toBe(false)
    expect(mayUse('notifications', origin)).toBe(false)
  })
})

describe('navigation', () => {
  it.each(['alta-desk://desk/', 'alta-desk://desk/cameras?page=2#top'])('lets the page reload %s', (url) => {
    expect(mayNavigate(url, true)).toBe(true)
  })

  it('refuses our page inside a frame, where it would be clicked unawares', () => {
    expect(mayNavigate('alta-desk://desk/', false)).toBe(false)
  })

  it.each([
    'https://example.invalid/',
    'https://example.invalid/?next=alta-desk://desk',
    'http://127.0.0.1:3303/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/html,x',
    'about:blank',
    'chrome://settings',
    'alta-desk://other/',
    'not a url',
  ])('refuses %s', (url) => {
    expect(mayNavigate(url, true)).toBe(false)
  })
})

describe('new windows', () => {
  it.each(['alta-desk://desk/settings', 'alta-desk://desk/settings/servers?x=1'])(
    'opens settings for %s',
    (url) => {
      expect(readWindowWish(url)).toEqual({ kind: 'settings', url })
    },
  )

  it('sends an https link to the browser', () => {
    expect(readWindowWish('https://example.com/help')).toEqual({
      kind: 'browser',
      url: 'https://example.com/help',
    })
  })

  it.each([
    'alta-desk://desk/',
    'alta-desk://desk/settingsx',
    'alta-desk://elsewhere/settings',
    'http://example.com/',
    'file:///C:/Windows/System32/calc.exe',
    'javascript:alert(1)',
    'ms-msdt:/id',
    'smb://example.com/share',
    'https://user:secret@example.com/',
    '',
  ])('opens nothing for %j', (url) => {
    expect(readWindowWish(url)).toEqual({ kind: 'refused' })
  })

  it('does not let the operating system open a link that hides its host', () => {
    expect(isSafeLink('https://cesbo.com@example.invalid/')).toBe(false)
    expect(isSafeLink('HTTPS://cesbo.com/')).toBe(true)
  })
})
