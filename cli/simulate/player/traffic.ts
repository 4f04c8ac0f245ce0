/**
 * @module Traffic: bytes in each second of a recording as bars, with a mark at the present time.
 */

import { Palette } from '../../../operation/pages/picture/palette.js';
import type { RunRecording } from '../../../transports/simulated/trace/recording.js';

export class Traffic {
  private readonly palette = new Palette(() => this.draw(this.share));
  private share = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly recording: RunRecording,
  ) {}

  draw(share: number): void {
    const { canvas, palette } = this;
    const { samples } = this.recording;
    this.share = share;
    const [wide, high] = [Math.max(1, canvas.clientWidth), Math.max(1, canvas.clientHeight)];
    if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    const most = samples.reduce((greatest, { bytes }) => Math.max(greatest, bytes), 1);
    const width = wide / Math.max(1, samples.length);
    context.clearRect(0, 0, wide, high);
    context.fillStyle = palette.color('--fast');
    for (const [index, { bytes }] of samples.entries()) {
      const height = (bytes / most) * high;
      context.fillRect(index * width, high - height, Math.max(1, width - 1), height);
    }
    context.fillStyle = palette.color('--chosen');
    context.fillRect(share * wide, 0, 2, high);
  }
}
