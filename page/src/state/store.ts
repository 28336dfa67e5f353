/** A value that many look at: `set` merges a change and tells every listener once per microtask. */
export class Store<T extends object> {
  private readonly listeners = new Set<(value: T, before: T) => void>();
  private before: T | null = null;

  constructor(private current: T) {}

  get value(): T {
    return this.current;
  }

  set(change: Partial<T>): void {
    if (this.before === null) {
      this.before = this.current;
      queueMicrotask(() => this.tell());
    }
    this.current = { ...this.current, ...change };
  }

  /** Return the function that ends the listening. */
  listen(listener: (value: T, before: T) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tell(): void {
    const before = this.before ?? this.current;
    this.before = null;
    for (const listener of [...this.listeners]) listener(this.current, before);
  }
}
