/** A bucket holds `burst` tokens and is refilled with `perSecond`. */
export interface BucketSize {
  readonly perSecond: number
  readonly burst: number
}

interface Bucket {
  tokens: number
  at: number
}

/** So many are kept; beyond it those that are full again are dropped, which is what a new one would be. */
const mostBuckets = 10_000

/** Token buckets by name: a map and two numbers each, so that looking at one costs next to nothing. */
export class TokenBuckets {
  readonly #perMs: number
  readonly #burst: number
  readonly #buckets = new Map<string, Bucket>()

  constructor({ perSecond, burst }: BucketSize) {
    this.#perMs = perSecond / 1000
    this.#burst = burst
  }

  /** Takes a token; 0 where there was one, else the milliseconds until there is. `now` never runs backwards. */
  take(name: string, now: number): number {
    const bucket = this.#buckets.get(name)
    if (!bucket) {
      this.#add(name, now)
      return 0
    }
    bucket.tokens = this.#filled(bucket, now)
    bucket.at = now
    if (bucket.tokens < 1) return (1 - bucket.tokens) / this.#perMs
    bucket.tokens -= 1
    return 0
  }

  /** Puts a token back that was taken for somebody who has a bucket of their own. */
  giveBack(name: string): void {
    const bucket = this.#buckets.get(name)
    if (bucket) bucket.tokens = Math.min(this.#burst, bucket.tokens + 1)
  }

  get size(): number {
    return this.#buckets.size
  }

  #add(name: string, now: number): void {
    if (this.#buckets.size >= mostBuckets) this.#makeRoom(now)
    this.#buckets.set(name, { tokens: this.#burst - 1, at: now })
  }

  /** Of those that are not full the oldest go, a tenth at a time: somebody sends from very many addresses. */
  #makeRoom(now: number): void {
    for (const [name, bucket] of this.#buckets) {
      if (this.#filled(bucket, now) >= this.#burst) this.#buckets.delete(name)
    }
    for (const name of this.#buckets.keys()) {
      if (this.#buckets.size < mostBuckets * 0.9) return
      this.#buckets.delete(name)
    }
  }

  #filled(bucket: Bucket, now: number): number {
    return Math.min(this.#burst, bucket.tokens + (now - bucket.at) * this.#perMs)
  }
}
