import { describe, expect, it } from "vitest";
import { candidates, handleOf, namingAt, piecesOf, withHandles, withIds } from "./mention-text.ts";

const ada = { userId: "user_ada", name: "Ada Lovelace", email: "ada@example.com" };
const ad = { userId: "user_ad", name: "Ada", email: "ad@example.com" };
const bob = { userId: "user_bob", name: "Bob", email: "bob@example.com" };
const other = { userId: "user_bob2", name: "bob", email: "bob2@example.com" };
const members = [ada, ad, bob, other];

describe("names in a comment", () => {
  it("are sent as ids: the longest that fits, as a whole word, in any case", () => {
    expect(withIds("@Ada Lovelace, @ada; @adamant x@Ada (@ADA)", members)).toBe(
      "<@user_ada>, <@user_ad>; @adamant x@Ada (<@user_ad>)",
    );
    expect(withIds("@Ada", [])).toBe("@Ada");
  });

  it("are addresses where several have the name", () => {
    expect(members.map((one) => handleOf(one, members))).toEqual([
      "Ada Lovelace",
      "Ada",
      "bob@example.com",
      "bob2@example.com",
    ]);
    expect(withIds("@bob and @bob2@example.com", members)).toBe("@bob and <@user_bob2>");
  });

  it("come back as they were written, and show the name of then where somebody has left", () => {
    const mentions = [
      { id: "user_ada", name: "Ada Lovelace" },
      { id: "user_eve", name: "Eve" },
    ];
    const body = "<@user_ada>: <@user_eve> says <@user_who>";
    expect(withHandles(body, mentions, members)).toBe("@Ada Lovelace: @Eve says <@user_who>");
    expect(withIds(withHandles(body, mentions, members), members)).toBe("<@user_ada>: @Eve says <@user_who>");
    expect(piecesOf(body, mentions)).toEqual([
      { mention: mentions[0] },
      { text: ": " },
      { mention: mentions[1] },
      { text: " says <@user_who>" },
    ]);
  });

  it("are offered behind an @ that begins a word", () => {
    expect(namingAt("see @ad", 7)).toEqual({ from: 4, typed: "ad" });
    expect(namingAt("see @ad", 3)).toBeNull();
    expect(namingAt("ada@example", 11)).toBeNull();
    expect(namingAt("@", 1)).toEqual({ from: 0, typed: "" });
    expect(candidates("lo", members)).toEqual([ada]);
    expect(candidates("AD", members).map(({ userId }) => userId)).toEqual(["user_ad", "user_ada"]);
    expect(candidates("bob2@", members)).toEqual([other]);
    expect(candidates("zz", members)).toEqual([]);
  });
});
