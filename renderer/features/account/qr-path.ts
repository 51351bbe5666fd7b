import { encode } from 'uqr'

/** A QR code as one SVG path of 1 x 1 squares; `size` is its width in squares, with the quiet zone of four around it. */
export interface QrDrawing {
  readonly size: number
  readonly path: string
}

/** Draws `text` as a QR code (ISO/IEC 18004, error correction M). */
export function qrDrawing(text: string): QrDrawing {
  const { size, data } = encode(text, { ecc: 'M', border: 4 })
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : []))).join('')
  return { size, path }
}
