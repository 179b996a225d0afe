"""Customer contribution: who carries the company, and who costs more than they bring.

What the words mean here:

1. *Revenue* is what was invoiced, discounts already taken off; the discount stands beside it, so
   that it can be seen, and is not taken off again.
2. *Contribution* = revenue - cost of the goods - complaints - service - effort - credit. What a
   remedy cost is told apart from other service where complaints are given; contacts and credit
   count where somebody gives them and says what they cost. Costs that nobody has given to a
   customer are not shared out.
3. A line without a cost has no margin, and neither has a sum that it is part of: it is *blocked*,
   left out of the contribution and listed, until somebody has entered its cost. Contacts, credit
   and remedies of their own belong to the customer and not to a line, so they count in full; but
   of somebody whose lines are all blocked nothing counts.
4. *Credit* is the money that stood out until it was paid: amount x days x interest of a year / 365.
   Money paid before its invoice costs and saves nothing.
5. The *whale curve* adds customers up from the most to the least contributing. Where some make a
   loss it rises above the total; its peak says how much there would be without them.
6. *ABC*: A are the customers who bring the first 80 % of it all, B the next 15, C the rest.
7. Money is counted in whole cents, so that the parts add up to the contribution to the cent.

Source: R. S. Kaplan and V. G. Narayanan (2001), Measuring and Managing Customer Profitability,
Journal of Cost Management 15(5), for the whale curve.
"""

from crmlab.models.contribution.by_customer import Contribution, Parts, by_product, contribution

__all__ = [
    "Contribution",
    "Parts",
    "by_product",
    "contribution",
]
