// The peer of bench/kaniko-agreement: names what go.mod is for.
package peer

import (
	_ "github.com/GoogleContainerTools/kaniko/cmd/executor"
	_ "github.com/GoogleContainerTools/kaniko/cmd/warmer"
)
