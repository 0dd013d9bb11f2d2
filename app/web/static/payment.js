/* Cards and accounts: what people type goes from here to Stripe, and only the id of what was set up to us. */
"use strict";

for (const form of document.querySelectorAll("form.stripe")) {
  const data = form.dataset;
  const stripe = Stripe(data.stripeKey);
  const button = form.querySelector("button");
  const owner = { name: data.name, email: data.email };
  let card = null;
  if (data.stripeDoes === "set-up-card") {
    card = stripe.elements().create("card", { hidePostalCode: true });
    card.mount(form.querySelector(".stripe-card"));
  }
  const steps = {
    "set-up-card": () => stripe.confirmCardSetup(data.stripeSecret, { payment_method: { card, billing_details: owner } }),
    "set-up-debit": () => stripe.confirmSepaDebitSetup(data.stripeSecret, {
      payment_method: { sepa_debit: { iban: document.getElementById("stripe-iban").value }, billing_details: owner },
    }),
    confirm: () => stripe.confirmCardPayment(data.stripeSecret, { payment_method: data.method }),
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    const answer = await steps[data.stripeDoes]();
    if (answer.error) {
      form.querySelector(".stripe-error").textContent = answer.error.message || "";
      button.disabled = false;
    } else {
      form.submit();
    }
  });
}
