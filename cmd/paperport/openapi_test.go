package main

import (
	"bytes"
	"os"
	"testing"
)

func TestOpenAPIIsUpToDate(t *testing.T) {
	var want bytes.Buffer
	root := newRoot()
	root.SetArgs([]string{"openapi"})
	root.SetOut(&want)
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../api/openapi.json")
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("api/openapi.json is out of date (%v); run: go run ./cmd/paperport openapi > api/openapi.json", err)
	}
}
