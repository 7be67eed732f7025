/** Flows for tests and pictures, one for each thing that is to be seen. */
export const showcase = {
  /** A task that fails for good; a person says how it goes on. */
  payout: `id: payout
title: Pay a supplier
description: Pays an invoice; where the bank refuses it, a person says how it goes on.
labels: { team: finance, tier: gold }
inputs:
  invoice: { type: string, title: Invoice, default: R-1044 }
tools:
  bank.pay:
    title: Pay invoice {{ args.invoice }}
    description: Pays an invoice from the account of the house
    script: javascript
    input: { invoice: string }
    returns: { receipt: string, amount: number }
    code: |
      throw new Error("The bank refused " + args.invoice + ": the account is closed for postings until 18:00");
tasks:
  - id: check
    title: Check the invoice
    set: { amount: 1280 }
  - id: pay
    title: Pay the invoice
    tool: bank.pay
    with: { invoice: "{{ inputs.invoice }}" }
    retry: { maxAttempts: 2, delay: 250ms }
    onError: { escalate: { to: { roles: [operator] }, timeout: 4h } }
  - id: book
    title: Book it
    log: "Booked {{ inputs.invoice }}"
outputs:
  receipt: "{{ default(tasks.pay.output.receipt, 'none') }}"
success: tasks.pay.output != null
`,
  /** Two people have to approve. */
  press: `id: press-release
title: Press release
description: Two people read it before it goes out.
labels: { team: press }
tasks:
  - id: release
    title: Release the text
    approval: Publish the statement on the outage of 21 November?
    by: { roles: [approver], quorum: 2, excludeStarter: false }
    timeout: 2d
    onTimeout: escalate
    escalate: [{ after: 6h, to: { roles: [admin] } }]
    details:
      headline: Service restored after 42 minutes
      summary: A failed switch took the shop offline. All orders were kept and are being sent.
outputs:
  approved: "{{ tasks.release.output.decision }}"
`,
  /** A graph of needs. */
  build: `id: nightly-build
title: Nightly build
description: Builds what changed, as much at once as can be.
labels: { team: platform }
success: tasks.release.output.test.passed > 400
tasks:
  - id: release
    title: Build and test
    join: settled
    dag:
      - { id: fetch, title: Fetch the sources, set: { commits: 12 } }
      - { id: compile, title: Compile, needs: fetch, set: { files: 840 } }
      - { id: docs, title: Write the docs, needs: fetch, log: "{{ tasks.fetch.output.commits }} commits" }
      - { id: lint, title: Look for faults, needs: fetch, fail: "src/shop.ts:12 says TODO" }
      - { id: test, title: Test, needs: compile, set: { passed: 391, failed: 3 } }
      - { id: report, title: Report the faults, needs: lint, log: "faults" }
      - { id: package, title: Package, needs: [test, docs], log: "packed" }
outputs:
  passed: "{{ tasks.release.output.test.passed }}"
`,
  /** Rounds until something holds. */
  poll: `id: wait-for-parcel
title: Wait for a parcel
description: Asks the carrier until the parcel has arrived.
success: outputs.place == 'at the door'
tasks:
  - id: ask
    title: Ask the carrier
    loop: { until: "index >= 3", every: 300ms, max: 20 }
    tasks:
      - { id: look, title: Look it up, set: { place: "{{ index >= 3 ? 'at the door' : 'on its way' }}" } }
outputs:
  place: "{{ tasks.look.output.place }}"
  rounds: "{{ size(tasks.look.items) }}"
`,
  /** Ends itself before its end. */
  stop: `id: refund-check
title: Refund check
description: Looks at a claim and stops early where nothing is owed.
success: outputs.owed > 0
tasks:
  - id: claim
    title: Read the claim
    set: { owed: 0 }
  - id: nothing
    title: Is anything owed
    if: vars.owed == 0
    then:
      - { id: early, title: Stop early, stop: Nothing is owed, outputs: { owed: 0 } }
  - { id: pay, title: Pay, log: "pays {{ vars.owed }}" }
outputs: { owed: "{{ vars.owed }}" }
`,
  /** Started by another run. */
  intake: `id: intake
title: Take an order in
description: Notes one order and waits for its payment.
labels: { team: sales }
inputs:
  order: { type: string, title: Order, default: "7" }
tasks:
  - { id: note, title: Note the order, log: "Order {{ inputs.order }}" }
  - id: paid
    title: Wait for the payment
    wait: { event: payment.received, key: "order-{{ inputs.order }}" }
    timeout: 3d
    onTimeout: continue
outputs: { order: "{{ inputs.order }}" }
`,
  /** Starts other runs: one that it waits for, one that it does not. */
  parent: `id: order-day
title: Orders of the day
description: Takes each order in with a run of its own.
tasks:
  - id: mail
    title: Send the morning mail
    flow: hello
    detach: true
  - id: first
    title: Take the first order in
    flow: intake
    with: { order: "12" }
outputs: { order: "{{ tasks.first.output.order }}" }
`,
  /** Goes over so many items that runs of their own carry them. */
  wide: `id: price-list
title: Price list
description: Works out the prices of a whole catalogue.
tasks:
  - id: catalogue
    title: Read the catalogue
    script: javascript
    code: "return Array.from({ length: 600 }, (_, n) => n)"
  - id: prices
    title: Work the prices out
    foreach: "{{ tasks.catalogue.output }}"
    concurrency: 50
    tasks:
      - { id: price, title: Price an item, set: { cents: "{{ item * 3 }}" } }
outputs: { prices: "{{ size(tasks.prices.output) }}" }
`,
  /** Holds a lock for as long as a form is open. */
  lock: `id: stock-count
title: Count the stock
description: One at a time may count.
tasks:
  - id: count
    title: Count the shelf
    lock: shelf-4
    form: How many are on the shelf?
    by: { roles: [operator] }
    fields:
      pieces: { type: integer, title: Pieces }
outputs: { pieces: "{{ tasks.count.output.pieces }}" }
`,
  /** One run at a time. */
  single: `id: month-end
title: Month end
description: Closes the books; one run at a time.
concurrency: { limit: 1 }
tasks:
  - { id: close, title: Close the books, wait: 12h }
`,
  /** Two agents that share a model of which one call at a time may be made. */
  turns: `id: morning-brief
title: Morning brief
description: Two writers share one model.
agents:
  news: { model: scarce, instructions: You write what happened overnight. }
  desk: { model: scarce, instructions: You write what is planned today. }
tasks:
  - id: both
    title: Write both parts
    parallel:
      - { id: night, title: What happened, agent: news, prompt: Write what happened overnight. }
      - { id: day, title: What is planned, agent: desk, prompt: Write what is planned today. }
outputs:
  night: "{{ tasks.night.output }}"
  day: "{{ tasks.day.output }}"
`,
  /** A result of 100 kB. */
  large: `id: year-report
title: Report of the year
description: Gathers every booking of the year into one text.
tasks:
  - id: gather
    title: Gather the bookings
    script: javascript
    code: |
      return Array.from({ length: 2000 }, (_, n) => "Booking " + n + ": 12 pieces to customer " + (n % 97) + ", paid").join("\\n");
  - id: rows
    title: Split into rows
    set: { rows: "{{ tasks.gather.output.split(', paid') }}" }
outputs:
  text: "{{ tasks.gather.output }}"
  rows: "{{ vars.rows }}"
`,
  /** Something secret is given when it is started. */
  secret: `id: rotate-key
title: Rotate a key
description: Hands a new key to the shop.
inputs:
  shop: { type: string, title: Shop, enum: [north, south], default: north }
  key: { type: string, title: New key, format: password, description: Sealed at once; nobody reads it again. }
  note: { type: string, title: Note, optional: true, multiline: true }
tools:
  shop.setKey:
    title: Set the key of {{ args.shop }}
    description: Hands a key to a shop
    script: javascript
    input: { shop: string, key: string }
    returns: { length: number }
    code: "return { length: args.key.length }"
tasks:
  - id: set
    title: Set the key
    tool: shop.setKey
    with: { shop: "{{ inputs.shop }}", key: "{{ inputs.key }}" }
outputs: { length: "{{ tasks.set.output.length }}" }
`,
} as const;
