/** A map that forgets what was not asked for the longest. */
export interface RecentValues<Value> {
  /** Computed only where it is not remembered. */
  getOrCompute(key: string, compute: () => Value): Value;
}

export function createRecentValues<Value extends object>(capacity: number): RecentValues<Value> {
  // Maps keep the order of insertion: the first key is the one that was used the longest ago.
  const values = new Map<string, Value>();
  let newest: string | undefined;
  return {
    getOrCompute(key, compute) {
      const known = values.get(key);
      if (known !== undefined && key === newest) return known;
      const value = known ?? compute();
      newest = key;
      values.delete(key);
      values.set(key, value);
      const [oldest] = values.size > capacity ? values.keys() : [];
      if (oldest !== undefined) values.delete(oldest);
      return value;
    },
  };
}
