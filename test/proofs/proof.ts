/** One line of `out/proofs.json`. */
export interface ProofResult {
  readonly name: string
  /** What was tried, in words and numbers. */
  readonly claim: string
  readonly tries: number
  readonly failures: readonly string[]
  readonly holds: boolean
  readonly seconds: number
}

/** A long proof that `npm run proofs -- NAME [COUNT]` runs; `count` overrides how often, or how long, it tries. */
export interface Proof {
  readonly name: string
  readonly defaultCount: number
  /** What `count` counts. Default: tries. */
  readonly counts?: string
  run(count: number): Promise<Omit<ProofResult, 'name' | 'seconds' | 'holds'>>
}
