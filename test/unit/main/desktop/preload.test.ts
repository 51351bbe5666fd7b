import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'

/** Runs the preload script as a page would see it, with a window and an ipcRenderer that write down what they are told. */
function openPage() {
  const source = readFileSync(join(import.meta.dirname, '../../../../preload/index.ts'), 'utf8')
  const sentToMain: unknown[][] = []
  const sentToPage: unknown[][] = []
  const listeners: ((event: object) => void)[] = []
  const window = {
    addEventListener: (_type: string, listener: (event: object) => void) => listeners.push(listener),
    postMessage: (...message: unknown[]) => sentToPage.push(message),
  }
  const ipcRenderer = { postMessage: (...message: unknown[]) => sentToMain.push(message) }
  const script = stripTypeScriptTypes(source).replace(/^import .*$/m, '')
  runInNewContext(script, { window, ipcRenderer, MessageChannel: FakeChannel })
  const say = (event: object): void => listeners.forEach((listener) => listener(event))
  return { window, sentToMain, sentToPage, say, exposed: Object.keys(window) }
}

class FakeChannel {
  readonly port1 = 'end for the desk'
  readonly port2 = 'end for the page'
}

describe('the preload', () => {
  it('hands one end to the page and the other to the desk', () => {
    const page = openPage()
    page.say({ source: page.window, data: 'alta-desk:ask-port' })
    expect(page.sentToMain).toEqual([['alta-desk:port', null, ['end for the desk']]])
    expect(page.sentToPage).toEqual([['alta-desk:port', '/', ['end for the page']]])
  })

  it.each([
    ['another window', { source: {}, data: 'alta-desk:ask-port' }],
    ['nobody', { source: null, data: 'alta-desk:ask-port' }],
  ])('hands nothing to %s', (_name, event) => {
    const page = openPage()
    page.say(event)
    expect([page.sentToMain, page.sentToPage]).toEqual([[], []])
  })

  it('says nothing to the desk for any other message', () => {
    const page = openPage()
    page.say({ source: page.window, data: { channel: 'alta-desk:ask-port' } })
    page.say({ source: page.window, data: 'alta-desk:port' })
    expect([page.sentToMain, page.sentToPage]).toEqual([[], []])
  })

  it('leaves nothing on window that a foreign script could call', () => {
    expect(openPage().exposed).toEqual(['addEventListener', 'postMessage'])
  })
})
