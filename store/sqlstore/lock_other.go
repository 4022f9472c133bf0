//go:build !unix

package sqlstore

import (
	"fmt"
	"os"
	"path/filepath"
)

// lockDir opens the lock file only: see the package's known limits.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "paperport.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: opening the lock file: %w", err)
	}
	return f, nil
}
