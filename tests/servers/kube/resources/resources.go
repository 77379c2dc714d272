// Package resources names the API modules whose Go types the custom resources of the tests are generated from.
package resources

import (
	_ "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	_ "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
)
