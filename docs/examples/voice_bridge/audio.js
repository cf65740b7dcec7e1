// The two ends of the sound, in the browser's audio thread. Blocks have 128 samples.

// The microphone's samples as 16-bit numbers, 40 ms at a time.
class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.samples = new Int16Array(960);
    this.length = 0;
  }

  process([input]) {
    for (const sample of input[0] ?? []) {
      this.samples[this.length++] = Math.max(-1, Math.min(1, sample)) * 32767;
      if (this.length === this.samples.length) {
        this.port.postMessage(this.samples.buffer, [this.samples.buffer]);
        this.samples = new Int16Array(960);
        this.length = 0;
      }
    }
    return true;
  }
}

// Plays pieces in order, and reports ten times a second how far it is in which item.
class Loudspeaker extends AudioWorkletProcessor {
  constructor() {
    super();
    this.pieces = [];
    this.offset = 0; // in the first piece
    this.arriving = null; // the item whose pieces arrive
    this.item = null; // the item that is played
    this.inItem = 0; // samples of it that were played
    this.total = 0;
    this.blocks = 0;
    this.port.onmessage = ({ data }) => this.take(data);
  }

  take(message) {
    if (message.clear) this.pieces = [];
    if (message.clear) this.offset = 0;
    if (message.item) this.arriving = message.item;
    if (message.pcm) this.pieces.push({ item: this.arriving, samples: new Int16Array(message.pcm) });
    if (message.clear) this.report();
  }

  process(inputs, [[output]]) {
    for (let index = 0; index < output.length && this.pieces.length; index += 1) {
      const { item, samples } = this.pieces[0];
      if (item !== this.item) {
        this.item = item;
        this.inItem = 0;
      }
      output[index] = samples[this.offset++] / 32768;
      this.inItem += 1;
      this.total += 1;
      if (this.offset >= samples.length) {
        this.pieces.shift();
        this.offset = 0;
      }
    }
    this.blocks += 1;
    if (this.blocks % 19 === 0 && this.item !== null) this.report();
    return true;
  }

  report() {
    this.port.postMessage({
      item: this.item,
      milliseconds: (this.inItem * 1000) / sampleRate,
      bytes: this.total * 2,
      waiting: this.pieces.length,
    });
  }
}

registerProcessor("microphone", Microphone);
registerProcessor("loudspeaker", Loudspeaker);
