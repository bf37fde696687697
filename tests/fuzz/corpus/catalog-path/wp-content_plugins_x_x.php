wp-content/plugins/x/x.php
<?php /* Plugin Name: X
Version: 1 */