// What the frontend's services need of rxjs.

/** A value, and those who want to know each next one. */
export class BehaviorSubject {
  #value;
  #observers = new Set();

  constructor(value) {
    this.#value = value;
  }

  get value() {
    return this.#value;
  }

  next(value) {
    this.#value = value;
    for (const observer of this.#observers) observer(value);
  }

  /** Calls `observer` with the current value now, and with each later one. */
  subscribe(observer) {
    this.#observers.add(observer);
    observer(this.#value);
    return { unsubscribe: () => this.#observers.delete(observer) };
  }
}
