// Package broker stands behind the ports of app with a user's real or demo broker: it signs in, exchanges and probes
// sessions, fetches the daily security master, and turns a session into a live market's feed.
package broker
