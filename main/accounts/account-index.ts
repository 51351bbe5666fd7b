import type { AccountCache, Account } from './account-cache.ts'

export interface PeopleQuestion {
  readonly search?: string | undefined
  readonly admin?: boolean | undefined
  readonly disabled?: boolean | undefined
  readonly sort: 'name' | '-name' | 'created' | '-created'
  readonly page: number
  readonly pageSize: number
}

interface Listed {
  readonly person: Account
  /** What a search is looked for in, in lower case. */
  readonly text: string
}

/**
 * Lists and searches people. They are all in memory already, so ten thousand are sorted once after a change, and looked
 * through in about a millisecond.
 */
export class PeopleIndex {
  readonly #people: AccountCache
  #seen = -1
  #byName: readonly Listed[] = []
  #byCreation: readonly Listed[] = []

  constructor(people: AccountCache) {
    this.#people = people
  }

  /** A search is for a part of the name, username or address. */
  page(question: PeopleQuestion): { people: Account[]; total: number } {
    const { sort, page, pageSize, admin, disabled } = question
    this.#keepUp()
    const wanted = question.search?.trim().toLowerCase() ?? ''
    const rows = (sort.endsWith('name') ? this.#byName : this.#byCreation).filter(
      ({ person, text }) =>
        (admin === undefined || person.admin === admin) &&
        (disabled === undefined || person.disabled === disabled) &&
        text.includes(wanted),
    )
    const ordered = sort.startsWith('-') ? rows.toReversed() : rows
    const shown = ordered.slice((page - 1) * pageSize, page * pageSize)
    return { people: shown.map(({ person }) => person), total: rows.length }
  }

  #keepUp(): void {
    if (this.#seen === this.#people.changes) return
    this.#seen = this.#people.changes
    const listed = this.#people.all().map((person) => ({ person, text: textOf(person) }))
    this.#byName = listed.toSorted((a, b) => compare(a.text, b.text))
    this.#byCreation = listed.toSorted((a, b) => compare(a.person.id, b.person.id))
  }
}

/** The name first, so that the same text sorts. */
function textOf({ displayName, username, email }: Account): string {
  return `${displayName}\n${username}\n${email}`.toLowerCase()
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
