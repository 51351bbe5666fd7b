// Judging takes time, and so does loading the dictionaries: the desk does both in its password process.
import type { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { isCommonPassword } from './common-passwords.ts'

const lowestScore = 3
/** What these characters are worth is enough to know; the time to judge grows with their square. */
const mostCharacters = 64

const commonSentence = 'This is one of the 10,000 commonest passwords, which are tried first. Choose another.'

let loading: Promise<ZxcvbnFactory> | null = null

/**
 * Tells why a new password is too easy to guess, in a sentence, or null where it has at least 3 of 4 points
 * (zxcvbn: safely unguessable by an online attack, and moderately by an offline one) and is not one of the 10,000
 * commonest. `ownWords` count as guessed.
 */
export async function weaknessOf(password: string, ownWords: readonly string[]): Promise<string | null> {
  if (await isCommonPassword(password)) return commonSentence
  loading ??= loadZxcvbn()
  const zxcvbn = await loading
  const { score, feedback } = zxcvbn.check(password.slice(0, mostCharacters), wordsOf(ownWords))
  if (score >= lowestScore) return null
  const sentences = [feedback.warning, ...feedback.suggestions].filter((sentence) => sentence !== null)
  return sentences.length === 0
    ? 'This password is too easy to guess. Add a word or two that are less common.'
    : sentences.join(' ')
}

/** Addresses and names, whole and in their parts. */
function wordsOf(texts: readonly string[]): string[] {
  const parts = texts.flatMap((text) => [text, ...text.split(/[^\p{L}\p{N}]+/u)])
  return [...new Set(parts.map((part) => part.toLowerCase()))].filter((part) => part.length >= 3)
}

async function loadZxcvbn(): Promise<ZxcvbnFactory> {
  const [core, common, english] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    import('@zxcvbn-ts/language-en'),
  ])
  return new core.ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
    translations: english.translations,
  })
}
