// Reports travel from the browser as JSON, which has no bigint; expressions count in them.
Object.defineProperty(BigInt.prototype, "toJSON", {
  value(this: bigint): string {
    return String(this);
  },
});
