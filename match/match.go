// Package match decides which orders fill, at what price and size, and why. It knows orders and market data, and nothing
// of users, balances or storage. Accounts do not see each other's orders: displayed quantity is spent per account.
// Known limits: five levels are all there is; several prints between two frames all count at the last price.
package match
