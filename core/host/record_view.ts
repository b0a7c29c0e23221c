/** Looks at the bytes of market data through one `DataView` as long as they lie in one buffer: none is made per record. */
export class RecordView {
  #view: DataView = new DataView(new ArrayBuffer(0));

  of({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
    const view = this.#view;
    if (view.buffer !== buffer || view.byteOffset !== byteOffset || view.byteLength !== byteLength) {
      this.#view = new DataView(buffer, byteOffset, byteLength);
    }
    return this.#view;
  }
}
