import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pageDocument } from '../../../../main/transport/http/page-document.ts'

const source = readFileSync(join(import.meta.dirname, '../../../../renderer/index.html'), 'utf8')
const production = { production: true, tlsEnabled: false }

// Would catch: a page that cannot know what its policy allows, and so waits for pictures that can never come.
test('the document repeats the stream origins of its policy, and in development allows all', () => {
  const { html, policy } = pageDocument(source, ['http://10.0.0.7:8200', 'http://[fd00::1]:80'], production)
  expect(html).toContain('<meta name="stream-origins" content="http://10.0.0.7:8200"')
  expect(policy).toContain("connect-src 'self' http://10.0.0.7:8200;")
  expect(pageDocument(source, [], production).html).toContain('<meta name="stream-origins" content=""')
  const open = pageDocument(source, ['http://10.0.0.7:8200'], { ...production, production: false })
  expect(open.html).toContain('<meta name="stream-origins" content="*"')
})

// Would catch: an address of a server that ends the attribute and brings a script of its own.
test('what is not an origin never gets into the document', () => {
  const { html } = pageDocument(source, ['"><script>', 'http://x/$&', 'http://10.0.0.7:8200'], production)
  expect(html).toContain('content="http://10.0.0.7:8200"')
  expect(html).not.toContain('"><script>')
})
