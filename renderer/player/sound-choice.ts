import type { LiveSource } from '../../shared/contract/live.ts'

/** A stream that has played for so long without a sound has none. */
const SILENT_MS = 2000

/** What plays on a tile, as far as its sound is concerned. */
interface Playing {
  readonly variant: LiveSource['variant']
  readonly hasSound: boolean
  /** Since its first frame, milliseconds. */
  readonly forMs: number
}

/**
 * Cameras often send sound in the main stream alone. Where somebody listens to a tile whose sub stream is silent, the tile plays the
 * main stream meanwhile; where that is silent too it goes back, until somebody asks for the sound anew.
 */
export class SoundChoice {
  private listening = false
  private borrows = false
  private mainIsSilent = false

  /** True while the main stream is wanted for its sound, whatever the size of the tile. */
  get wantsMain(): boolean {
    return this.borrows
  }

  listen(on: boolean): void {
    this.listening = on
    this.borrows = false
    this.mainIsSilent = false
  }

  /** Looked at once a second. */
  look({ variant, hasSound, forMs }: Playing): void {
    if (!this.listening || hasSound || forMs < SILENT_MS) return
    if (variant === 'sub') this.borrows = !this.mainIsSilent
    else if (this.borrows) {
      this.mainIsSilent = true
      this.borrows = false
    }
  }
}
