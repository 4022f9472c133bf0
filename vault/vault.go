// Package vault seals secrets for storing and opens them again: a versioned, authenticated format bound to its place
// (installation, table, user, field, version), the master keys it needs, and their rotation. It stores nothing.
package vault
