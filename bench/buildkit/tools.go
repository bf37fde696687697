// The peer of bench/buildkit-agreement: names what go.mod is for.
package peer

import (
	_ "github.com/moby/buildkit/cmd/buildctl"
	_ "github.com/moby/buildkit/cmd/buildkitd"
)
