/** Computes what follows from an object alone once, and remembers it as long as the object lives. */
export function perObject<Key extends object, Value>(compute: (key: Key) => Value): (key: Key) => Value {
  const known = new WeakMap<Key, { readonly value: Value }>();
  return (key) => {
    const remembered = known.get(key);
    if (remembered !== undefined) return remembered.value;
    const value = compute(key);
    known.set(key, { value });
    return value;
  };
}
